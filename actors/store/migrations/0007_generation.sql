-- Another value after each restoration of a backup, by which a running service notices that one took place.
ALTER TABLE feed ADD COLUMN generation uuid NOT NULL DEFAULT gen_random_uuid();
