-- How much of a step is done, whatever it counts at the moment.
ALTER TABLE "step" ADD COLUMN "share" DOUBLE PRECISION NOT NULL DEFAULT 0;
