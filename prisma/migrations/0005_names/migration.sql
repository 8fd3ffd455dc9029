-- DropIndex
DROP INDEX "dataset_sha256_key";

-- DropIndex
DROP INDEX "model_sha256_preprocess_key_key";

-- AlterTable
ALTER TABLE "dataset" ADD COLUMN     "removed_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "model" ADD COLUMN     "removed_at" TIMESTAMPTZ(3);

-- CreateIndex
CREATE INDEX "dataset_sha256_idx" ON "dataset"("sha256");

-- CreateIndex
CREATE UNIQUE INDEX "dataset_name_sha256_key" ON "dataset"("name", "sha256");

-- CreateIndex
CREATE INDEX "model_sha256_preprocess_key_idx" ON "model"("sha256", "preprocess_key");

-- CreateIndex
CREATE UNIQUE INDEX "model_name_sha256_preprocess_key_key" ON "model"("name", "sha256", "preprocess_key");
