-- A key that was made by a key ends with it: whoever gets hold of one cannot outlast its end by others.
ALTER TABLE api_key ADD COLUMN made_by text COLLATE "C" REFERENCES api_key ON DELETE CASCADE;
CREATE INDEX api_key_made_by ON api_key (made_by);
