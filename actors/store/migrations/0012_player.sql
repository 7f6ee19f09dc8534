-- Each person's player and its queue, and events that one person alone hears of.

-- No reference to the person: nothing but the feed reads it, and there it must cost nothing.
ALTER TABLE event ADD COLUMN owner text COLLATE "C";
COMMENT ON COLUMN event.owner IS 'the only user who hears of it; NULL: all';

CREATE TABLE player (
  person_id text COLLATE "C" PRIMARY KEY REFERENCES person ON DELETE CASCADE,
  state text NOT NULL DEFAULT 'stopped' CHECK (state IN ('stopped', 'playing', 'paused')),
  item_id text COLLATE "C",
  item_track text COLLATE "C",
  length_s float8,
  -- in the track, at `since`
  position_s float8 NOT NULL DEFAULT 0,
  since timestamptz NOT NULL DEFAULT now(),
  volume float8 NOT NULL DEFAULT 1,
  version int NOT NULL DEFAULT 0,
  -- of the present listening: when it began, how long it lasted before `since`, whether it was counted as a play
  began_at timestamptz,
  heard_s float8 NOT NULL DEFAULT 0,
  is_counted boolean NOT NULL DEFAULT false,
  queue_version int NOT NULL DEFAULT 0,
  last_id int NOT NULL DEFAULT 0,
  -- The queue, both in its order. Its tracks may be gone; then they are passed over.
  item_ids text[] NOT NULL DEFAULT '{}',
  track_ids text[] NOT NULL DEFAULT '{}',
  CHECK ((state = 'stopped') = (item_id IS NULL) AND cardinality(item_ids) = cardinality(track_ids))
);
CREATE INDEX player_playing ON player (person_id) WHERE state = 'playing';
