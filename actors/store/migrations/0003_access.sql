-- By what people show who they are. Of tokens and keys only SHA-256 is kept: each is 256 random bits, so nothing slower is needed.

CREATE TABLE token (
  id text COLLATE "C" PRIMARY KEY,
  hash bytea NOT NULL UNIQUE,
  person_id text COLLATE "C" NOT NULL REFERENCES person ON DELETE CASCADE,
  added_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX token_person ON token (person_id, added_at);
CREATE INDEX token_expiry ON token (expires_at);

CREATE TABLE api_key (
  id text COLLATE "C" PRIMARY KEY,
  hash bytea NOT NULL UNIQUE,
  person_id text COLLATE "C" NOT NULL REFERENCES person ON DELETE CASCADE,
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('listener', 'editor', 'admin')),
  added_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  last_used_at timestamptz
);
CREATE INDEX api_key_person ON api_key (person_id, added_at);

-- Grows whenever somebody may do less or more than before: what a node remembers of callers holds for one revision.
CREATE TABLE access (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  revision bigint NOT NULL
);

CREATE FUNCTION note_access() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO access (revision) VALUES (1) ON CONFLICT (is_only) DO UPDATE SET revision = access.revision + 1;
  RETURN NULL;
END $$;

CREATE TRIGGER person_access AFTER INSERT OR DELETE OR UPDATE OF role, name ON person
  FOR EACH ROW EXECUTE FUNCTION note_access();
CREATE TRIGGER token_access AFTER DELETE ON token FOR EACH ROW EXECUTE FUNCTION note_access();
CREATE TRIGGER api_key_access AFTER DELETE ON api_key FOR EACH ROW EXECUTE FUNCTION note_access();
