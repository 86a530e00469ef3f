package dev.sluice.channel;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How long to wait for vendors where a channel says nothing, in milliseconds.
 *
 * @param firstByteMs a plain answer of a reasoning model has its first byte when it is finished, minutes later
 */
@ConfigurationProperties("sluice.channel")
record ChannelSettings(
        @DefaultValue("5000") int connectMs,
        @DefaultValue("300000") int firstByteMs,
        @DefaultValue("300000") int idleMs) {}
