/** AWS Bedrock. */
@NullMarked
package dev.sluice.vendor.bedrock;

import org.jspecify.annotations.NullMarked;
