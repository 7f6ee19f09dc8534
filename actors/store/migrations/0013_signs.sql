-- No word begins with punctuation, so signs of punctuation tell names from words: `a:name`, as an artist was kept until now, was
-- found by everyone who had typed no more than an `a`. Now `@key` is an artist, `#key` a genre.
CREATE OR REPLACE FUNCTION track_words(tags jsonb, file_name text) RETURNS tsvector
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = public AS $$
DECLARE
  names text[] := words(
    concat_ws(E'\n', coalesce(nullif(tags ->> 'title', ''), stem(file_name)), lines(tags -> 'artists')));
  others text[] := words(
    concat_ws(E'\n', tags ->> 'album', lines(tags -> 'album_artists'), lines(tags -> 'genres'), stem(file_name)));
BEGIN
  RETURN array_to_tsvector(names || others || ARRAY(SELECT '=' || word FROM unnest(names) AS word)
    || keys('@', tags -> 'artists') || keys('#', tags -> 'genres'));
END $$;

CREATE OR REPLACE FUNCTION learnable(tsvector) RETURNS SETOF text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT lexeme FROM unnest(tsvector_to_array($1)) AS lexeme
  WHERE length(lexeme) BETWEEN 3 AND 32 AND lexeme !~ '^[=@#]|[0-9]'
$$;

DROP TRIGGER track_words_changed ON track;
ALTER TABLE track DROP COLUMN words;
ALTER TABLE track ADD COLUMN words tsvector NOT NULL GENERATED ALWAYS AS (track_words(tags, file_name)) STORED;
CREATE INDEX track_words ON track USING gin (words) WITH (gin_pending_list_limit = 512);
CREATE TRIGGER track_words_changed AFTER UPDATE OF tags, file_name ON track
  FOR EACH ROW WHEN (OLD.words IS DISTINCT FROM NEW.words) EXECUTE FUNCTION learn_words();
