import { byName } from './by-name.ts';

/** AgeDB: `NUMBER_Name_AGE_GENDER.jpg`. The name is the subject. */
export const agedb = byName({
  name: 'agedb',
  pattern: /^(\d+)_(.+)_(\d{1,3})_([a-z])\.(?:jpe?g|png)$/i,
  columns: ['age', 'gender', 'name'],
  cells: ([, , name = '', age = '', gender = '']) => {
    if (Number(age) > 130) return 'an age above 130';
    const sex = { m: 'male', f: 'female' }[gender.toLowerCase()];
    return sex === undefined ? 'a gender that is neither m nor f' : [String(Number(age)), sex, name];
  },
  hints: {
    subject: 'name',
    tasks: {
      age: { type: 'continuous', column: 'age', unit: 'years' },
      gender: { type: 'binary', column: 'gender', classes: ['male', 'female'] },
    },
  },
});
