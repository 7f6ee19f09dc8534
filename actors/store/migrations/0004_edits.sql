-- What people do with tracks: edits over the file's tags, a trash, ratings, plays, and answers kept for repeated requests.

-- `tags` is what counts, for lists, search and sorts: `file_tags || edits`, written whenever one of the two is.
ALTER TABLE track
  ADD COLUMN file_tags jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN edits jsonb NOT NULL DEFAULT '{}',
  -- In the trash since then: hidden from everything but the trash itself, still known by its sound.
  ADD COLUMN removed_at timestamptz,
  ADD COLUMN removed_by text COLLATE "C";
COMMENT ON COLUMN track.removed_at IS 'every list, count and search of tracks leaves out those where it is set';
UPDATE track SET file_tags = tags;
CREATE INDEX track_removed ON track (removed_at, id) WHERE removed_at IS NOT NULL;

-- Files that lie in the trash folder of their root, or are on the way there or back.
CREATE TABLE trashed_file (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  track_id text COLLATE "C" NOT NULL REFERENCES track ON DELETE CASCADE,
  root_id text COLLATE "C" NOT NULL REFERENCES root ON DELETE CASCADE,
  path bytea NOT NULL,
  trashed_path bytea NOT NULL,
  size_bytes bigint NOT NULL
);
CREATE INDEX trashed_file_track ON trashed_file (track_id);
CREATE INDEX trashed_file_root ON trashed_file (root_id);

CREATE TABLE rating (
  person_id text COLLATE "C" NOT NULL REFERENCES person ON DELETE CASCADE,
  track_id text COLLATE "C" NOT NULL REFERENCES track ON DELETE CASCADE,
  stars smallint NOT NULL CHECK (stars BETWEEN 1 AND 5),
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (person_id, track_id)
);
CREATE INDEX rating_stars ON rating (person_id, stars, track_id);
CREATE INDEX rating_track ON rating (track_id);

-- One row for each time that somebody listened.
CREATE TABLE play (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  person_id text COLLATE "C" NOT NULL REFERENCES person ON DELETE CASCADE,
  track_id text COLLATE "C" NOT NULL REFERENCES track ON DELETE CASCADE,
  at timestamptz NOT NULL,
  listened_s float8
);
CREATE INDEX play_person ON play (person_id, at);
CREATE INDEX play_track ON play (track_id);

-- The sum of the plays of one person and track, written with each of them, so that lists need not count.
CREATE TABLE listened (
  person_id text COLLATE "C" NOT NULL REFERENCES person ON DELETE CASCADE,
  track_id text COLLATE "C" NOT NULL REFERENCES track ON DELETE CASCADE,
  plays int NOT NULL,
  last_played_at timestamptz NOT NULL,
  PRIMARY KEY (person_id, track_id)
);
CREATE INDEX listened_plays ON listened (person_id, plays, track_id);
CREATE INDEX listened_last ON listened (person_id, last_played_at, track_id);
CREATE INDEX listened_track ON listened (track_id);

-- Answers to requests that carried an Idempotency-Key.
CREATE TABLE repeatable (
  person_id text COLLATE "C" NOT NULL,
  route text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  -- Who works on it, and until when it is taken for alive; a try whose claim has ended died.
  claim uuid NOT NULL,
  claimed_until timestamptz NOT NULL,
  began_at timestamptz NOT NULL DEFAULT now(),
  -- NULL until the answer is there.
  fingerprint bytea,
  status smallint,
  headers jsonb,
  body bytea,
  PRIMARY KEY (person_id, route, key)
);
CREATE INDEX repeatable_began ON repeatable (began_at);
