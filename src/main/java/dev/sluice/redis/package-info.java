/** The one Redis that several nodes may share: its address, its connections, whether it answers. Imports nothing. */
@NullMarked
package dev.sluice.redis;

import org.jspecify.annotations.NullMarked;
