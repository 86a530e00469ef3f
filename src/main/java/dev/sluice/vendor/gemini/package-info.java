/** Google's Gemini, at AI Studio. */
@NullMarked
package dev.sluice.vendor.gemini;

import org.jspecify.annotations.NullMarked;
