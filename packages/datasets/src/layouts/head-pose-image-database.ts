import { byName } from './by-name.ts';

const TILTS = new Set([-90, -60, -30, -15, 0, 15, 30, 60, 90]);

/** Inner edges of the three bins of an angle: the published angles are multiples of 15°, so none lies on an edge. */
const EDGES = [-22.5, 22.5];

/**
 * Head Pose Image Database: `personne<person><series><number><tilt><pan>.jpg`, two digits, one, two, and two signed angles
 * in degrees. The folder Front has copies.
 */
export const headPoseImageDatabase = byName({
  name: 'head-pose-image-database',
  pattern: /^personne(\d{2})(\d)(\d{2})([+-]\d{1,2})([+-]\d{1,2})\.(?:jpe?g|png)$/i,
  columns: ['person', 'tilt', 'pan'],
  passesOver: (path) => path.split('/').slice(0, -1).includes('Front'),
  cells: ([, person = '', , , tilt = '', pan = '']) => {
    if (!TILTS.has(Number(tilt))) return 'a tilt that the database does not have';
    if (Math.abs(Number(pan)) > 90 || Number(pan) % 15 !== 0) return 'a pan that the database does not have';
    return [person, String(Number(tilt)), String(Number(pan))];
  },
  hints: {
    subject: 'person',
    tasks: {
      pose: {
        type: 'ordered',
        columns: ['tilt', 'pan'],
        bins: [EDGES, EDGES],
        unit: 'degrees',
        // A mirrored picture looks the other way.
        mirror: { negate: [1] },
      },
    },
  },
});
