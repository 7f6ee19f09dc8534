-- Where a player sounds, as its devices call themselves. NULL: none has said so.

ALTER TABLE player
  ADD COLUMN device_id text COLLATE "C",
  ADD COLUMN device_name text,
  ADD CHECK ((device_id IS NULL) = (device_name IS NULL));
