import { byName } from './by-name.ts';

const GENDERS = ['male', 'female'];
const RACES = ['white', 'black', 'asian', 'indian', 'other'];

/** UTKFace: `AGE_GENDER_RACE_yyyymmddHHMMSSFFF.jpg.chip.jpg`. Three published names lack a field. */
export const utkface = byName({
  name: 'utkface',
  pattern: /^(\d{1,3})_(\d)_(\d)_(\d{14,20})\.(?:jpe?g|png)(?:\.chip\.jpg)?$/i,
  columns: ['age', 'gender', 'race'],
  cells: ([, age = '', gender = '', race = '']) => {
    if (Number(age) > 130) return 'an age above 130';
    const [sex, kind] = [GENDERS[Number(gender)], RACES[Number(race)]];
    if (sex === undefined) return 'a gender that is neither 0 nor 1';
    return kind === undefined ? 'a race that is none of 0 to 4' : [String(Number(age)), sex, kind];
  },
  hints: {
    tasks: {
      age: { type: 'continuous', column: 'age', unit: 'years' },
      gender: { type: 'binary', column: 'gender', classes: GENDERS },
      race: { type: 'categorical', column: 'race', classes: RACES },
    },
  },
});
