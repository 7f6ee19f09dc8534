-- People. `local` stands for whoever asks over loopback while nobody has an account.

CREATE TABLE person (
  id text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  name_key text COLLATE "C" NOT NULL UNIQUE GENERATED ALWAYS AS (folded(name)) STORED,
  shown_name text,
  role text NOT NULL CHECK (role IN ('listener', 'editor', 'admin')),
  -- argon2, in its own text form; NULL: cannot log in
  password_hash text,
  preferences jsonb NOT NULL DEFAULT '{}',
  added_at timestamptz NOT NULL DEFAULT now(),
  changed_at timestamptz NOT NULL DEFAULT now(),
  version int NOT NULL DEFAULT 1
);
INSERT INTO person (id, name, role) VALUES ('local', 'local', 'admin');
