-- DropIndex
DROP INDEX "run_dataset_id_idx";

-- DropIndex
DROP INDEX "run_model_id_idx";

-- DropIndex
DROP INDEX "run_state_idx";

-- CreateIndex
CREATE INDEX "result_artifacts_idx" ON "result" USING GIN ("artifacts");

-- CreateIndex
CREATE INDEX "run_kind_created_at_id_idx" ON "run"("kind", "created_at", "id");

-- CreateIndex
CREATE INDEX "run_state_created_at_id_idx" ON "run"("state", "created_at", "id");

-- CreateIndex
CREATE INDEX "run_model_id_created_at_id_idx" ON "run"("model_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "run_dataset_id_created_at_id_idx" ON "run"("dataset_id", "created_at", "id");
