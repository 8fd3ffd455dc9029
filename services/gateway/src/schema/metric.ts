import { enumeration } from './enumeration.ts';

export const TaskType = enumeration(
  'TaskType',
  'What kind of label a task has, which decides how it is measured.',
  {
    CONTINUOUS: 'continuous',
    BINARY: 'binary',
    ORDERED: 'ordered',
    MULTILABEL: 'multilabel',
    CATEGORICAL: 'categorical',
  },
  {
    CONTINUOUS: 'A number, or several at once.',
    BINARY: 'One of two classes.',
    ORDERED: 'A number whose bins are classes in an order, such as an age group.',
    MULTILABEL: 'Any number of classes at once.',
    CATEGORICAL: 'Exactly one of several classes.',
  },
);

export const MetricName = enumeration(
  'MetricName',
  'What a figure measures.',
  {
    ACCURACY: 'accuracy',
    BALANCED_ACCURACY: 'balancedAccuracy',
    MAE: 'mae',
    RMSE: 'rmse',
    R2: 'r2',
    SCORE: 'score',
  },
  {
    ACCURACY: 'Share of labels that are right, 0 to 1; higher is better.',
    BALANCED_ACCURACY: 'Mean over the classes of the share that is right, 0 to 1; higher is better.',
    MAE: 'Mean absolute error in the unit of the task; lower is better.',
    RMSE: 'Root of the mean squared error in the unit of the task; lower is better.',
    R2: 'Share of the variance that is explained, 1 at most; higher is better.',
    SCORE: 'Mean over several tasks of what each is better than a constant prediction, 1 at most; higher is better.',
  },
);
