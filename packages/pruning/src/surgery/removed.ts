/** Whether the class of a label goes. */
export type Removed = (label: number) => boolean;
