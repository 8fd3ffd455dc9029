-- CreateTable
CREATE TABLE "checkpoint" (
    "key" TEXT NOT NULL,
    "sha256" TEXT NOT NULL,
    "position" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "checkpoint_pkey" PRIMARY KEY ("key")
);
