-- The report of a run that has ended well, once it was asked for.
-- AlterTable
ALTER TABLE "run" ADD COLUMN     "report_sha256" TEXT;
