/** The web UI's files and how they are served. Imports nothing. */
@NullMarked
package dev.sluice.console;

import org.jspecify.annotations.NullMarked;
