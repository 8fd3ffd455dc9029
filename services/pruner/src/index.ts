export { startPruner } from './pruner.ts';
export { surgeryFile, type SurgeryRequest, type SurgeryResult } from './surgery-file.ts';
