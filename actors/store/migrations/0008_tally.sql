-- How much of what there is, kept up to date by every change of a track in the same transaction, so that nothing counts a
-- million rows. Tracks in the trash count nowhere.

-- Of the whole library: by stage, presence, kind, codec, year, key, tempo and day; `all` has one row.
CREATE TABLE tally (
  noun text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  tracks bigint NOT NULL,
  duration_ms bigint NOT NULL,
  size_bytes bigint NOT NULL,
  PRIMARY KEY (noun, key)
) WITH (fillfactor = 50);

-- Of each artist, album and genre. One of which nothing is left stays, at zero, and is listed nowhere.
CREATE TABLE heading (
  noun text COLLATE "C" NOT NULL CHECK (noun IN ('artist', 'album', 'genre')),
  -- The name as it is compared; of an album, with its artist's behind a sign that no name has.
  key text COLLATE "C" NOT NULL,
  name text NOT NULL,
  artist text NOT NULL DEFAULT '',
  tracks bigint NOT NULL,
  duration_ms bigint NOT NULL,
  size_bytes bigint NOT NULL,
  words tsvector NOT NULL GENERATED ALWAYS AS (array_to_tsvector(words(name || E'\n' || artist))) STORED,
  PRIMARY KEY (noun, key)
);
CREATE INDEX heading_key ON heading (noun, key) WHERE tracks > 0;
CREATE INDEX heading_tracks ON heading (noun, tracks, key) WHERE tracks > 0;
CREATE INDEX heading_duration ON heading (noun, duration_ms, key) WHERE tracks > 0;
CREATE INDEX heading_words ON heading USING gin (words) WITH (gin_pending_list_limit = 512);

-- What one track counts for.
CREATE FUNCTION tallied(
  removed_at timestamptz, stage text, presence text, kind text, codec text, year int, camelot smallint, bpm float8,
  added_at timestamptz
) RETURNS TABLE (noun text, key text)
  LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT * FROM (VALUES
    ('all', ''), ('stage', stage), ('presence', presence), ('kind', kind), ('codec', codec), ('year', year::text),
    ('key', camelot::text), ('bpm', (floor(bpm / 10) * 10)::int::text),
    ('day', to_char(added_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'))) AS of (noun, key)
  WHERE of.key IS NOT NULL AND removed_at IS NULL
$$;

CREATE FUNCTION headed(removed_at timestamptz, tags jsonb) RETURNS TABLE (noun text, key text, name text, artist text)
  LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT 'artist', sort_key(one), min(one), '' FROM jsonb_array_elements_text(tags -> 'artists') AS one
  WHERE removed_at IS NULL AND one <> '' GROUP BY 2
  UNION ALL
  SELECT 'genre', sort_key(one), min(one), '' FROM jsonb_array_elements_text(tags -> 'genres') AS one
  WHERE removed_at IS NULL AND one <> '' GROUP BY 2
  UNION ALL
  SELECT 'album', sort_key(tags ->> 'album') || E'\x1f' || coalesce(sort_key(whose), ''), tags ->> 'album', coalesce(whose, '')
  FROM (SELECT coalesce(tags -> 'album_artists' ->> 0, tags -> 'artists' ->> 0)) AS of (whose)
  WHERE removed_at IS NULL AND tags ->> 'album' <> ''
$$;

CREATE TYPE counted AS (
  sign int, removed_at timestamptz, stage text, presence text, kind text, codec text, year int, camelot smallint, bpm float8,
  added_at timestamptz, tags jsonb, duration_ms bigint, size_bytes bigint
);

CREATE FUNCTION count_tracks() RETURNS trigger
  LANGUAGE plpgsql AS $$
DECLARE
  moved counted[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    moved := ARRAY(
      SELECT ROW(1, removed_at, stage, presence, kind, codec, year, camelot, bpm, added_at, tags,
        coalesce(duration_s * 1000, 0)::bigint, size_bytes)::counted FROM after);
  ELSIF TG_OP = 'DELETE' THEN
    moved := ARRAY(
      SELECT ROW(-1, removed_at, stage, presence, kind, codec, year, camelot, bpm, added_at, tags,
        coalesce(duration_s * 1000, 0)::bigint, size_bytes)::counted FROM before);
  ELSE
    moved := ARRAY(
      SELECT ROW(sign, removed_at, stage, presence, kind, codec, year, camelot, bpm, added_at, tags,
        coalesce(duration_s * 1000, 0)::bigint, size_bytes)::counted
      FROM (
        SELECT a.id FROM after AS a JOIN before AS b USING (id)
        WHERE (a.removed_at, a.stage, a.presence, a.kind, a.codec, a.bpm, a.camelot, a.tags, a.duration_s, a.size_bytes, a.added_at)
          IS DISTINCT FROM
          (b.removed_at, b.stage, b.presence, b.kind, b.codec, b.bpm, b.camelot, b.tags, b.duration_s, b.size_bytes, b.added_at)
      ) AS changed JOIN (SELECT 1 AS sign, * FROM after UNION ALL SELECT -1, * FROM before) AS versions USING (id));
  END IF;
  IF cardinality(moved) = 0 THEN
    RETURN NULL;
  END IF;
  -- In one order, so that two writers wait for each other instead of both.
  INSERT INTO tally AS former
  SELECT of.noun, of.key, sum(sign), sum(sign * duration_ms), sum(sign * size_bytes)
  FROM unnest(moved) AS one, tallied(removed_at, stage, presence, kind, codec, year, camelot, bpm, added_at) AS of
  GROUP BY of.noun, of.key
  HAVING sum(sign) <> 0 OR sum(sign * duration_ms) <> 0 OR sum(sign * size_bytes) <> 0
  ORDER BY of.noun, of.key
  ON CONFLICT (noun, key) DO UPDATE SET
    tracks = former.tracks + excluded.tracks, duration_ms = former.duration_ms + excluded.duration_ms,
    size_bytes = former.size_bytes + excluded.size_bytes;
  INSERT INTO heading AS former (noun, key, name, artist, tracks, duration_ms, size_bytes)
  SELECT of.noun, of.key, coalesce(min(of.name) FILTER (WHERE sign > 0), ''), coalesce(min(of.artist) FILTER (WHERE sign > 0), ''),
    sum(sign), sum(sign * duration_ms), sum(sign * size_bytes)
  FROM unnest(moved) AS one, headed(removed_at, tags) AS of
  GROUP BY of.noun, of.key
  HAVING sum(sign) <> 0 OR sum(sign * duration_ms) <> 0 OR sum(sign * size_bytes) <> 0 OR min(of.name) <> max(of.name)
  ORDER BY of.noun, of.key
  ON CONFLICT (noun, key) DO UPDATE SET
    -- As it was written last.
    name = CASE WHEN excluded.name = '' THEN former.name ELSE excluded.name END,
    artist = CASE WHEN excluded.name = '' THEN former.artist ELSE excluded.artist END,
    tracks = former.tracks + excluded.tracks, duration_ms = former.duration_ms + excluded.duration_ms,
    size_bytes = former.size_bytes + excluded.size_bytes;
  RETURN NULL;
END $$;
CREATE TRIGGER track_counted AFTER INSERT ON track REFERENCING NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION count_tracks();
CREATE TRIGGER track_recounted AFTER UPDATE ON track REFERENCING OLD TABLE AS before NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION count_tracks();
CREATE TRIGGER track_discounted AFTER DELETE ON track REFERENCING OLD TABLE AS before
  FOR EACH STATEMENT EXECUTE FUNCTION count_tracks();

INSERT INTO tally
SELECT of.noun, of.key, count(*), sum(coalesce(duration_s * 1000, 0)::bigint), sum(size_bytes)
FROM track, tallied(removed_at, stage, presence, kind, codec, year, camelot, bpm, added_at) AS of GROUP BY of.noun, of.key;
INSERT INTO heading (noun, key, name, artist, tracks, duration_ms, size_bytes)
SELECT of.noun, of.key, min(of.name), min(of.artist), count(*), sum(coalesce(duration_s * 1000, 0)::bigint), sum(size_bytes)
FROM track, headed(removed_at, tags) AS of GROUP BY of.noun, of.key;
