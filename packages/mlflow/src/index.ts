export { type Exported, exportResult, type ExportRequest } from './export-result.ts';
export { fetchModel, type FetchedModel } from './fetch-model.ts';
export { connectTracking, type TrackingServer } from './tracking-server.ts';
