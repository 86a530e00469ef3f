/** What the jar does besides serving: commands that start no server. Imports ledger, wire, database. */
@NullMarked
package dev.sluice.command;

import org.jspecify.annotations.NullMarked;
