import figures from '../../fixtures/rival-figures.json' with { type: 'json' };

/** Figures of scikit-learn; fixtures/rival_figures.py made them and holds the command. */
export const rivalFigures = figures;
