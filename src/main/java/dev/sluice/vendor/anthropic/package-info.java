/** Anthropic's own API. */
@NullMarked
package dev.sluice.vendor.anthropic;

import org.jspecify.annotations.NullMarked;
