-- How often pages were visited, by day: counts alone, of nobody.
CREATE TABLE visits (
    day INTEGER NOT NULL,             -- of UTC, counted from 1970-01-01
    page TEXT NOT NULL,               -- the template of its path; *: all of them
    visits INTEGER NOT NULL,
    visitors INTEGER NOT NULL,        -- different ones
    PRIMARY KEY (day, page)
) STRICT, WITHOUT ROWID;
