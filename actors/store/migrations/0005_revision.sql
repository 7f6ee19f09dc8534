-- What a kept answer is compared with. Random instead of counted: a database that was put back to an earlier state, or
-- copied, never calls a new state by the name of an old one.

ALTER TABLE feed ADD COLUMN revision uuid NOT NULL DEFAULT gen_random_uuid();
COMMENT ON COLUMN feed.revision IS 'another one after every change of the catalogue that any answer shows';
ALTER TABLE person ADD COLUMN revision uuid NOT NULL DEFAULT gen_random_uuid();
COMMENT ON COLUMN person.revision IS 'the same for what belongs to this person';

-- For tables of what belongs to a person: CREATE TRIGGER … AFTER INSERT OR UPDATE OR DELETE ON … FOR EACH ROW
-- EXECUTE FUNCTION revise_person(), with a column person_id.
CREATE FUNCTION revise_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE person SET revision = gen_random_uuid() WHERE id IN (OLD.person_id, NEW.person_id);
  RETURN NULL;
END $$;

-- Roots are added and removed without an event.
CREATE FUNCTION revise_catalogue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE feed SET revision = gen_random_uuid();
  RETURN NULL;
END $$;
CREATE TRIGGER root_revision AFTER INSERT OR DELETE ON root
  FOR EACH STATEMENT EXECUTE FUNCTION revise_catalogue();
CREATE TRIGGER rating_revision AFTER INSERT OR UPDATE OR DELETE ON rating
  FOR EACH ROW EXECUTE FUNCTION revise_person();
CREATE TRIGGER listened_revision AFTER INSERT OR UPDATE OR DELETE ON listened
  FOR EACH ROW EXECUTE FUNCTION revise_person();
