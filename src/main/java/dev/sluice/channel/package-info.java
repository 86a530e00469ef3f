/** Which upstream: the in-memory snapshot of channels, the choice among them, their health. Imports vendor, limit, notice, settings, wire, database. */
@NullMarked
package dev.sluice.channel;

import org.jspecify.annotations.NullMarked;
