-- The planner joins no two indexes that leave out the same rows, taking the second for superfluous. So what is filtered by has
-- indexes of all tracks; those that sort too hold beside their key what tells the trash apart.

DROP INDEX track_words, track_added_at, track_duration, track_bpm, track_loudness, track_year, track_camelot, track_codec,
  track_kind, track_stage, track_presence;
CREATE INDEX track_words ON track USING gin (words) WITH (gin_pending_list_limit = 512);
CREATE INDEX track_added_at ON track (added_at, id) INCLUDE (removed_at);
CREATE INDEX track_duration ON track (duration_s, id) INCLUDE (removed_at);
CREATE INDEX track_bpm ON track (bpm, id) INCLUDE (removed_at);
CREATE INDEX track_loudness ON track (loudness_lufs, id) INCLUDE (removed_at);
CREATE INDEX track_year ON track (year, id) INCLUDE (removed_at);
CREATE INDEX track_camelot ON track (camelot, id) INCLUDE (removed_at);
CREATE INDEX track_codec ON track (codec);
CREATE INDEX track_kind ON track (kind) WHERE kind <> 'music';
CREATE INDEX track_stage ON track (stage) WHERE stage <> 'analyzed';
CREATE INDEX track_presence ON track (presence) WHERE presence <> 'present';
