/** Which upstream: the in-memory snapshot of channels, the choice among them, their health. Imports vendor, limit, wire, database. */
@NullMarked
package dev.sluice.channel;

import org.jspecify.annotations.NullMarked;
