-- How many runs a project has: every page of them says so, and counting reads them all.
ALTER TABLE "project" ADD COLUMN "run_count" INTEGER NOT NULL DEFAULT 0;

-- Rows of projects are taken in the order of their ids: who deletes runs of several never waits for who waits for them.
CREATE FUNCTION count_runs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM "project" WHERE id IN (SELECT project_id FROM changed) ORDER BY id FOR NO KEY UPDATE;
  UPDATE "project" SET run_count = run_count + TG_ARGV[0]::int * counted.runs
    FROM (SELECT project_id, count(*)::int AS runs FROM changed GROUP BY project_id) counted
    WHERE "project".id = counted.project_id;
  RETURN NULL;
END $$;

CREATE TRIGGER run_inserted AFTER INSERT ON "run" REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_runs('1');
CREATE TRIGGER run_deleted AFTER DELETE ON "run" REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_runs('-1');

-- The triggers keep others from writing until this is committed.
UPDATE "project" SET run_count = (SELECT count(*) FROM "run" WHERE "run".project_id = "project".id);
