-- Which tracks of a queue could not be played, and why, when its devices were last told: by track.

ALTER TABLE player ADD COLUMN obstacles jsonb NOT NULL DEFAULT '{}';
