import { aflw } from './aflw.ts';
import { agedb } from './agedb.ts';
import { coco } from './coco.ts';
import { headPoseImageDatabase } from './head-pose-image-database.ts';
import { hfImagefolder } from './hf-imagefolder.ts';
import { imagefolder } from './imagefolder.ts';
import { kaggle } from './kaggle.ts';
import { labels } from './labels.ts';
import { celeba } from './celeba.ts';
import { fer2013 } from './fer2013.ts';
import { ferplus } from './ferplus.ts';
import { labelStudio } from './label-studio.ts';
import { webdataset } from './webdataset.ts';
import { afewVa } from './afew-va.ts';
import { biwi } from './biwi.ts';
import { imdbWiki } from './imdb-wiki.ts';
import { packed } from './packed.ts';
import { parquet } from './parquet.ts';
import { poseMat } from './300w-lp.ts';
import type { Layout } from './layout.ts';
import { roboflow } from './roboflow.ts';
import { utkface } from './utkface.ts';

/** Every layout that is recognised. A new importer is a file and a line here. */
export const LAYOUTS: readonly Layout[] = [
  labels,
  packed,
  imagefolder,
  kaggle,
  hfImagefolder,
  roboflow,
  coco,
  utkface,
  agedb,
  headPoseImageDatabase,
  celeba,
  fer2013,
  ferplus,
  labelStudio,
  webdataset,
  afewVa,
  biwi,
  imdbWiki,
  poseMat,
  aflw,
  parquet,
];
