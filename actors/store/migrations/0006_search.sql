-- What a search finds: the words of each track behind one index, and all words that there are, for mending misspelled ones.

-- For comparing words: as folded, and letters that are no accented ones by their usual spelling.
CREATE FUNCTION spelled(text) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN normalize(
    replace(replace(replace(replace(translate(folded($1), 'øłđðıħŧ', 'olddiht'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
    NFC);

-- The words of a text, each once. A word is what stands between spaces and punctuation; what only punctuation divides is
-- a word as a whole too (AC/DC: ac, dc, acdc). Scripts without spaces give every pair of neighboring characters, and the
-- last character, so that each part of them is found. actors/store/words.py reads questions by the same rules.
CREATE FUNCTION words(text) RETURNS text[]
  -- A backup that is put back looks nowhere by itself.
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = public AS $$
DECLARE
  punctuation CONSTANT text := '\u0021-\u002f\u003a-\u0040\u005b-\u005e\u0060\u007b-\u007e\u00a1-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2190-\u2bff\u2e00-\u2e7f\u3001-\u3003\u3008-\u3020\u30fb\ufe0f';
  space CONSTANT text := '\u0001-\u0020\u005f\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff';
  unspaced CONSTANT text := '\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30fa\u30fc-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff';
  given text := spelled($1);
  split text[];
  joined text[];
  pairs text[];
BEGIN
  IF given ~ ('[' || unspaced || ']') THEN
    pairs := ARRAY(
      SELECT substr(run[1], place, 2)
      FROM regexp_matches(given, '[' || unspaced || ']+', 'g') AS run, generate_series(1, length(run[1])) AS place);
    given := regexp_replace(given, '[' || unspaced || ']+', ' ', 'g');
  END IF;
  split := regexp_split_to_array(given, '[' || space || punctuation || ']+');
  IF given ~ ('[' || punctuation || ']') THEN
    joined := ARRAY(
      SELECT word
      FROM regexp_split_to_table(
        regexp_replace(given, '[' || punctuation || ']+', '', 'g'), '[' || space || ']+') AS word
      WHERE length(word) <= 24);
  END IF;
  RETURN ARRAY(SELECT DISTINCT left(word, 64) FROM unnest(split || joined || pairs) AS word WHERE word <> '');
END $$;

-- The texts of a JSON array, one a line.
CREATE FUNCTION lines(jsonb) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN (SELECT string_agg(one, E'\n') FROM jsonb_array_elements_text($1) AS one);

-- Names as the filters of artists and genres compare them.
CREATE FUNCTION keys(prefix text, names jsonb) RETURNS text[]
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ARRAY(SELECT prefix || sort_key(one) FROM jsonb_array_elements_text(names) AS one);

-- A question for those who have one of these names.
CREATE FUNCTION any_of(prefix text, names text[]) RETURNS tsquery
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN (
    SELECT string_agg('''' || replace(replace(prefix || sort_key(one), '\', '\\'), '''', '''''') || '''', ' | ')::tsquery
    FROM unnest(names) AS one);

-- All that a track is found by. Beside its words: `=word` for those of title and artists, `a:key` for each artist,
-- `g:key` for each genre.
CREATE FUNCTION track_words(tags jsonb, file_name text) RETURNS tsvector
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = public AS $$
DECLARE
  names text[] := words(
    concat_ws(E'\n', coalesce(nullif(tags ->> 'title', ''), stem(file_name)), lines(tags -> 'artists')));
  others text[] := words(
    concat_ws(E'\n', tags ->> 'album', lines(tags -> 'album_artists'), lines(tags -> 'genres'), stem(file_name)));
BEGIN
  RETURN array_to_tsvector(names || others || ARRAY(SELECT '=' || word FROM unnest(names) AS word)
    || keys('a:', tags -> 'artists') || keys('g:', tags -> 'genres'));
END $$;

-- What kind of recording it is, as far as tags and length tell; the same in actors/model/kind.py.
CREATE FUNCTION kind(tags jsonb, duration_s float8) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE
    WHEN keys('', tags -> 'genres') && ARRAY[
      'audio drama', 'audio theatre', 'audiobook', 'audiobooks', 'horbuch', 'horspiel', 'interview', 'lecture', 'news',
      'podcast', 'podcasts', 'radio drama', 'sermon', 'speech', 'spoken', 'spoken word', 'talk'] THEN 'speech'
    WHEN duration_s >= 1200 THEN 'mix'
    WHEN duration_s IS NOT NULL THEN 'music' END;

ALTER TABLE track
  DROP COLUMN search_text,
  ADD COLUMN words tsvector NOT NULL GENERATED ALWAYS AS (track_words(tags, file_name)) STORED,
  ADD COLUMN kind text GENERATED ALWAYS AS (kind(tags, coalesce(measured_s, (sound ->> 'duration_s')::float8))) STORED,
  -- Place on the Camelot wheel: 2 for 1A, 3 for 1B, … 25 for 12B.
  ADD COLUMN camelot smallint GENERATED ALWAYS AS
    ((((tonic + CASE WHEN is_minor THEN 3 ELSE 0 END) * 7 + 7) % 12 + 1) * 2 + CASE WHEN is_minor THEN 0 ELSE 1 END)
    STORED;
-- What is not sorted in yet is read whole by every search: little of it.
CREATE INDEX track_words ON track USING gin (words) WITH (gin_pending_list_limit = 512) WHERE removed_at IS NULL;
-- Lists leave out the trash, and so do their indexes, which then answer alone.
DROP INDEX track_title, track_artist, track_album, track_added_at, track_changed_at, track_duration, track_bpm,
  track_loudness, track_size;
CREATE INDEX track_title ON track (title_key, id) WHERE removed_at IS NULL;
CREATE INDEX track_artist ON track (artist_key, id) WHERE removed_at IS NULL;
CREATE INDEX track_album ON track (album_key, id) WHERE removed_at IS NULL;
CREATE INDEX track_added_at ON track (added_at, id) WHERE removed_at IS NULL;
CREATE INDEX track_changed_at ON track (changed_at, id) WHERE removed_at IS NULL;
CREATE INDEX track_duration ON track (duration_s, id) WHERE removed_at IS NULL;
CREATE INDEX track_bpm ON track (bpm, id) WHERE removed_at IS NULL;
CREATE INDEX track_loudness ON track (loudness_lufs, id) WHERE removed_at IS NULL;
CREATE INDEX track_size ON track (size_bytes, id) WHERE removed_at IS NULL;
CREATE INDEX track_year ON track (year, id) WHERE removed_at IS NULL;
CREATE INDEX track_camelot ON track (camelot, id) WHERE removed_at IS NULL;
CREATE INDEX track_codec ON track (codec) WHERE removed_at IS NULL;
-- Of what nearly all tracks are the same, the others.
CREATE INDEX track_kind ON track (kind) WHERE kind <> 'music' AND removed_at IS NULL;
CREATE INDEX track_stage ON track (stage) WHERE stage <> 'analyzed' AND removed_at IS NULL;
CREATE INDEX track_presence ON track (presence) WHERE presence <> 'present' AND removed_at IS NULL;

-- Every word that was ever catalogued: those near a misspelled one begin or end like it.
CREATE TABLE word (
  word text COLLATE "C" PRIMARY KEY,
  reversed text COLLATE "C" NOT NULL GENERATED ALWAYS AS (reverse(word)) STORED
);
CREATE INDEX word_reversed ON word (reversed);

-- Words long enough to be misspelled recognizably, and without digits: another number is another thing.
CREATE FUNCTION learnable(tsvector) RETURNS SETOF text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT lexeme FROM unnest(tsvector_to_array($1)) AS lexeme
  WHERE length(lexeme) BETWEEN 3 AND 32 AND lexeme !~ '^=|^.:|[0-9]'
$$;

CREATE FUNCTION learn_words() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO word (word)
    SELECT DISTINCT lexeme FROM added, learnable(added.words) AS lexeme
    WHERE NOT EXISTS (SELECT FROM word WHERE word.word = lexeme)
    ORDER BY lexeme ON CONFLICT DO NOTHING;
  ELSE
    INSERT INTO word (word)
    SELECT lexeme FROM learnable(NEW.words) AS lexeme
    WHERE NOT EXISTS (SELECT FROM word WHERE word.word = lexeme)
    ORDER BY lexeme ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER track_words_added AFTER INSERT ON track REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION learn_words();
CREATE TRIGGER track_words_changed AFTER UPDATE OF tags, file_name ON track
  FOR EACH ROW WHEN (OLD.words IS DISTINCT FROM NEW.words) EXECUTE FUNCTION learn_words();
INSERT INTO word (word) SELECT DISTINCT lexeme FROM track, learnable(track.words) AS lexeme;
