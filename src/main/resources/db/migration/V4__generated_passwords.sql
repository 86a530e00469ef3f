-- Whether a user's password is still the one that the first start made up: then the console asks for another.
ALTER TABLE users ADD COLUMN password_generated BOOLEAN DEFAULT FALSE NOT NULL;
