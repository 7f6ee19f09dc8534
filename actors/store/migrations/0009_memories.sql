-- What people note, about a track, a moment of it, or nothing.

CREATE TABLE memory (
  id text COLLATE "C" PRIMARY KEY,
  person_id text COLLATE "C" NOT NULL REFERENCES person ON DELETE CASCADE,
  track_id text COLLATE "C" REFERENCES track ON DELETE SET NULL,
  -- How the track was called when it went for good; NULL while it is there.
  track_title text,
  position_s float8 CHECK (position_s >= 0),
  text text NOT NULL,
  tags text[] NOT NULL DEFAULT '{}',
  tag_keys text[] NOT NULL DEFAULT '{}',
  search_text text NOT NULL,
  added_at timestamptz NOT NULL DEFAULT now(),
  changed_at timestamptz NOT NULL DEFAULT now(),
  version int NOT NULL DEFAULT 1,
  -- For sorting: what is about no moment comes behind the moments.
  position_key float8 NOT NULL GENERATED ALWAYS AS (coalesce(position_s, 'Infinity'::float8)) STORED
);
CREATE INDEX memory_added ON memory (person_id, added_at, id);
CREATE INDEX memory_changed ON memory (person_id, changed_at, id);
CREATE INDEX memory_position ON memory (person_id, position_key, id);
CREATE INDEX memory_track ON memory (track_id, person_id, position_key, id) WHERE track_id IS NOT NULL;
CREATE TRIGGER memory_revision AFTER INSERT OR UPDATE OR DELETE ON memory
  FOR EACH ROW EXECUTE FUNCTION revise_person();

-- Memories outlive their tracks, and still say what they were about.
CREATE FUNCTION keep_title() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE memory SET track_title = OLD.title WHERE track_id = OLD.id;
  RETURN OLD;
END $$;
CREATE TRIGGER track_title BEFORE DELETE ON track FOR EACH ROW EXECUTE FUNCTION keep_title();
