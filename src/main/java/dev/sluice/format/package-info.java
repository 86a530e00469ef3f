/**
 * The forms in which conversations are written: each is read into a few neutral words and written from them, so that a
 * caller of any form reaches a vendor of any other. Bytes in, bytes out; no beans, no I/O. Imports wire.
 */
@NullMarked
package dev.sluice.format;

import org.jspecify.annotations.NullMarked;
