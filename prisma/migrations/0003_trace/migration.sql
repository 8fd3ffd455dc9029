-- AlterTable
ALTER TABLE "run" ADD COLUMN "trace" TEXT;

-- AlterTable
ALTER TABLE "outbox" ADD COLUMN "trace" TEXT;
