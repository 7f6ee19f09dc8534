-- The catalogue, its event log, and the marks that make writes count once.

-- Text for comparing: without case and accents, cut to what an index entry can hold.
CREATE FUNCTION folded(text) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN lower(regexp_replace(normalize($1, NFKD), '[\u0300-\u036f]+', '', 'g'));

CREATE FUNCTION sort_key(text) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN left(folded($1), 200);

-- A file's name without its ending; a name that is all ending stays whole.
CREATE FUNCTION stem(text) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN regexp_replace($1, '(.)\.[^.]*$', '\1');

CREATE TABLE root (
  id text COLLATE "C" PRIMARY KEY,
  path bytea NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'scanning', 'watched', 'unavailable', 'held')),
  reason text,
  device numeric(20),
  added_at timestamptz NOT NULL DEFAULT now(),
  scanned_at timestamptz
);
-- Paths may be longer than an index entry.
CREATE UNIQUE INDEX root_path ON root (sha256(path));

CREATE TABLE track (
  id text COLLATE "C" PRIMARY KEY,
  stage text NOT NULL
    CHECK (stage IN ('growing', 'empty', 'pending', 'analyzed', 'failed', 'quarantined')),
  presence text NOT NULL DEFAULT 'present' CHECK (presence IN ('present', 'missing', 'unverified')),
  missing_since timestamptz,
  audio_hash text COLLATE "C" UNIQUE,
  tags jsonb NOT NULL DEFAULT '{}',
  sound jsonb,
  failure jsonb,
  failures int NOT NULL DEFAULT 0,
  -- of the best location, for people
  file_name text NOT NULL DEFAULT '',
  size_bytes bigint NOT NULL DEFAULT 0,
  -- copies of what features measured, for sorting and filtering; written together with it
  bpm float8,
  tonic smallint,
  is_minor boolean,
  loudness_lufs float8,
  measured_s float8,
  priority int NOT NULL DEFAULT 0,
  -- Taken for analysis then, for a limited time.
  claimed_at timestamptz,
  added_at timestamptz NOT NULL DEFAULT now(),
  changed_at timestamptz NOT NULL DEFAULT now(),
  version int NOT NULL DEFAULT 1,

  title text GENERATED ALWAYS AS (coalesce(nullif(tags ->> 'title', ''), stem(file_name))) STORED,
  artist text GENERATED ALWAYS AS (tags -> 'artists' ->> 0) STORED,
  album text GENERATED ALWAYS AS (tags ->> 'album') STORED,
  codec text GENERATED ALWAYS AS (sound ->> 'codec') STORED,
  duration_s float8 GENERATED ALWAYS AS (coalesce(measured_s, (sound ->> 'duration_s')::float8)) STORED,
  year int GENERATED ALWAYS AS
    (CASE WHEN tags ->> 'year' ~ '^-?[0-9]{1,6}$' THEN (tags ->> 'year')::int END) STORED,
  title_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS
    (sort_key(coalesce(nullif(tags ->> 'title', ''), stem(file_name)))) STORED,
  artist_key text COLLATE "C" GENERATED ALWAYS AS (sort_key(nullif(tags -> 'artists' ->> 0, ''))) STORED,
  album_key text COLLATE "C" GENERATED ALWAYS AS (sort_key(nullif(tags ->> 'album', ''))) STORED,
  search_text text NOT NULL GENERATED ALWAYS AS
    (folded(coalesce(tags ->> 'title', '') || E'\n' || coalesce(tags ->> 'artists', '') || E'\n'
            || coalesce(tags ->> 'album', '') || E'\n' || file_name)) STORED
);
CREATE INDEX track_title ON track (title_key, id);
CREATE INDEX track_artist ON track (artist_key, id);
CREATE INDEX track_album ON track (album_key, id);
CREATE INDEX track_added_at ON track (added_at, id);
CREATE INDEX track_changed_at ON track (changed_at, id);
CREATE INDEX track_duration ON track (duration_s, id);
CREATE INDEX track_bpm ON track (bpm, id);
CREATE INDEX track_loudness ON track (loudness_lufs, id);
CREATE INDEX track_size ON track (size_bytes, id);
-- What waits for analysis, in the order in which it is taken.
CREATE INDEX track_waiting ON track (priority DESC, failures, added_at DESC, id)
  WHERE stage IN ('pending', 'failed') AND presence = 'present' AND audio_hash IS NOT NULL;
CREATE INDEX track_claimed ON track (claimed_at) WHERE claimed_at IS NOT NULL;

CREATE TABLE location (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  track_id text COLLATE "C" REFERENCES track ON DELETE CASCADE,
  root_id text COLLATE "C" NOT NULL REFERENCES root ON DELETE CASCADE,
  path bytea NOT NULL,
  shown text NOT NULL,
  size_bytes bigint NOT NULL,
  -- 64 bits without a sign, and nanoseconds beyond the year 2262
  mtime_ns numeric(30) NOT NULL,
  device numeric(20) NOT NULL,
  inode numeric(20) NOT NULL,
  presence text NOT NULL DEFAULT 'present' CHECK (presence IN ('present', 'missing', 'unverified'))
);
COMMENT ON COLUMN location.track_id IS 'NULL: a file that is no recording, remembered so that it is not read again';
CREATE UNIQUE INDEX location_path ON location (sha256(path));
CREATE INDEX location_track ON location (track_id);
CREATE INDEX location_root ON location (root_id, id);

CREATE TABLE features (
  track_id text COLLATE "C" PRIMARY KEY REFERENCES track ON DELETE CASCADE,
  audio_hash text COLLATE "C" NOT NULL,
  version int NOT NULL,
  duration_s float8 NOT NULL,
  integrated_lufs float8,
  range_lu float8,
  true_peak_dbtp float8,
  sample_peak_dbfs float8,
  max_momentary_lufs float8,
  max_short_term_lufs float8,
  bpm float8,
  bpm_confidence float8,
  bpm_alternatives float8[] NOT NULL DEFAULT '{}',
  tonic smallint CHECK (tonic BETWEEN 0 AND 11),
  is_minor boolean,
  key_confidence float8,
  peaks bytea NOT NULL,
  analyzed_at timestamptz NOT NULL DEFAULT now()
);

-- The log that every listener follows. Numbers are given out under the lock of feed's one row, which is held until
-- the commit, so a number is never seen before all smaller ones.
CREATE TABLE event (
  seq bigint PRIMARY KEY,
  type text NOT NULL,
  payload jsonb NOT NULL,
  at timestamptz NOT NULL
);
CREATE TABLE feed (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  newest bigint NOT NULL
);
INSERT INTO feed (newest) VALUES (0);

-- One per write of the last hour: tells a write that is tried again whether it counted.
CREATE TABLE mark (
  id uuid PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX mark_at ON mark (at);
