/** OpenAI's wire format, and Azure's form of it. */
@NullMarked
package dev.sluice.vendor.openai;

import org.jspecify.annotations.NullMarked;
