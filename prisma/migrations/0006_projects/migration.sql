-- DropIndex
DROP INDEX "dataset_created_at_id_idx";

-- DropIndex
DROP INDEX "dataset_name_sha256_key";

-- DropIndex
DROP INDEX "dataset_sha256_idx";

-- DropIndex
DROP INDEX "model_created_at_id_idx";

-- DropIndex
DROP INDEX "model_name_sha256_preprocess_key_key";

-- DropIndex
DROP INDEX "model_sha256_preprocess_key_idx";

-- DropIndex
DROP INDEX "run_created_at_id_idx";

-- DropIndex
DROP INDEX "run_idempotency_key_key";

-- DropIndex
DROP INDEX "run_kind_created_at_id_idx";

-- DropIndex
DROP INDEX "run_state_created_at_id_idx";

-- DropIndex
DROP INDEX "step_key_idx";

-- AlterTable
ALTER TABLE "artifact" DROP CONSTRAINT "artifact_pkey",
ADD COLUMN     "project_id" TEXT NOT NULL DEFAULT 'default',
ADD CONSTRAINT "artifact_pkey" PRIMARY KEY ("project_id", "sha256");

-- AlterTable
ALTER TABLE "checkpoint" DROP CONSTRAINT "checkpoint_pkey",
ADD COLUMN     "project_id" TEXT NOT NULL DEFAULT 'default',
ADD CONSTRAINT "checkpoint_pkey" PRIMARY KEY ("project_id", "key");

-- AlterTable
ALTER TABLE "dataset" ADD COLUMN     "created_by" TEXT,
ADD COLUMN     "project_id" TEXT NOT NULL DEFAULT 'default';

-- AlterTable
ALTER TABLE "model" ADD COLUMN     "created_by" TEXT,
ADD COLUMN     "project_id" TEXT NOT NULL DEFAULT 'default';

-- AlterTable
ALTER TABLE "result" DROP CONSTRAINT "result_pkey",
ADD COLUMN     "project_id" TEXT NOT NULL DEFAULT 'default',
ADD CONSTRAINT "result_pkey" PRIMARY KEY ("project_id", "key");

-- AlterTable
ALTER TABLE "run" ADD COLUMN     "created_by" TEXT,
ADD COLUMN     "project_id" TEXT NOT NULL DEFAULT 'default';

-- AlterTable
ALTER TABLE "step" ADD COLUMN     "project_id" TEXT NOT NULL DEFAULT 'default';

-- CreateTable
CREATE TABLE "project" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "project_pkey" PRIMARY KEY ("id")
);

-- What was there before there were projects belongs to this one.
INSERT INTO "project" ("id", "name") VALUES ('default', 'default');

-- CreateTable
CREATE TABLE "token" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "project_id" TEXT,
    "created_by" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "token_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit" (
    "id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL DEFAULT 'default',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "principal" TEXT NOT NULL,
    "principal_name" TEXT NOT NULL,
    "request_id" TEXT,
    "operation" TEXT NOT NULL,
    "subjects" TEXT[],
    "outcome" TEXT NOT NULL,

    CONSTRAINT "audit_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "project_name_key" ON "project"("name");

-- CreateIndex
CREATE INDEX "token_project_id_created_at_id_idx" ON "token"("project_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "audit_project_id_created_at_id_idx" ON "audit"("project_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "artifact_sha256_idx" ON "artifact"("sha256");

-- CreateIndex
CREATE INDEX "dataset_project_id_sha256_idx" ON "dataset"("project_id", "sha256");

-- CreateIndex
CREATE INDEX "dataset_project_id_created_at_id_idx" ON "dataset"("project_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "dataset_project_id_name_sha256_key" ON "dataset"("project_id", "name", "sha256");

-- CreateIndex
CREATE INDEX "model_project_id_sha256_preprocess_key_idx" ON "model"("project_id", "sha256", "preprocess_key");

-- CreateIndex
CREATE INDEX "model_project_id_created_at_id_idx" ON "model"("project_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "model_project_id_name_sha256_preprocess_key_key" ON "model"("project_id", "name", "sha256", "preprocess_key");

-- CreateIndex
CREATE INDEX "run_project_id_created_at_id_idx" ON "run"("project_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "run_project_id_kind_created_at_id_idx" ON "run"("project_id", "kind", "created_at", "id");

-- CreateIndex
CREATE INDEX "run_project_id_state_created_at_id_idx" ON "run"("project_id", "state", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "run_project_id_idempotency_key_key" ON "run"("project_id", "idempotency_key");

-- CreateIndex
CREATE INDEX "step_project_id_key_idx" ON "step"("project_id", "key");

-- AddForeignKey
ALTER TABLE "token" ADD CONSTRAINT "token_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model" ADD CONSTRAINT "model_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dataset" ADD CONSTRAINT "dataset_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run" ADD CONSTRAINT "run_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
