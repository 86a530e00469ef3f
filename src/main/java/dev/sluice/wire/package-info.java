/** The words every room shares: what appears in a request, a reply or an event. Parse and print only; no Spring beans, no I/O. Imports nothing. */
@NullMarked
package dev.sluice.wire;

import org.jspecify.annotations.NullMarked;
