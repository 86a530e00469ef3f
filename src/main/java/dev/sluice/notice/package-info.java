/** What operators are told without asking: a line in the log and a webhook. Imports settings, wire, database. */
@NullMarked
package dev.sluice.notice;

import org.jspecify.annotations.NullMarked;
