-- What people call a run and what they keep with it, and the tasks that it is about.
-- AlterTable
ALTER TABLE "run" ADD COLUMN     "labels" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "metadata" JSONB,
ADD COLUMN     "name" TEXT,
ADD COLUMN     "tasks" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- What decides a cut lies in a plan of its own.
UPDATE "run" SET "input" = ("input" - ARRAY['task', 'tasks', 'layerEpsilon', 'layer', 'pool', 'minFilters', 'layerMinFilters', 'roundTo', 'criterion', 'decide', 'avoidTasks', 'avoidStrength'])
    || jsonb_build_object('plan', coalesce((SELECT jsonb_object_agg(key, value) FROM jsonb_each("input") WHERE key IN ('task', 'tasks', 'layerEpsilon', 'layer', 'pool', 'minFilters', 'layerMinFilters', 'roundTo', 'criterion', 'decide', 'avoidTasks', 'avoidStrength')), '{}'))
WHERE "kind" IN ('PRUNE', 'COMPRESSION') AND NOT jsonb_exists("input", 'plan');

UPDATE "run" SET "tasks" = CASE
    WHEN "input" #>> '{plan,task}' IS NOT NULL THEN ARRAY["input" #>> '{plan,task}']
    WHEN jsonb_typeof("input" #> '{plan,tasks}') = 'array' THEN ARRAY(SELECT jsonb_array_elements_text("input" #> '{plan,tasks}'))
    WHEN jsonb_typeof("input" -> 'tasks') = 'array' THEN ARRAY(SELECT jsonb_array_elements_text("input" -> 'tasks'))
    ELSE ARRAY(SELECT task ->> 'name' FROM "dataset", jsonb_array_elements("dataset"."tasks") AS task WHERE "dataset"."id" = "run"."dataset_id")
END
WHERE "kind" IN ('ANALYSIS', 'PRUNE', 'FINETUNE', 'COMPRESSION');

-- CreateIndex
CREATE INDEX "run_project_id_name_created_at_id_idx" ON "run"("project_id", "name", "created_at", "id");

-- CreateIndex
CREATE INDEX "run_project_id_created_by_created_at_id_idx" ON "run"("project_id", "created_by", "created_at", "id");

-- CreateIndex
CREATE INDEX "run_labels_idx" ON "run" USING GIN ("labels");

-- CreateIndex
CREATE INDEX "run_tasks_idx" ON "run" USING GIN ("tasks");
