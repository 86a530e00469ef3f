package dev.sluice.channel;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How long to wait for vendors where a channel says nothing, in milliseconds.
 *
 * @param firstByteMs a plain answer of a reasoning model has its first byte when it is finished, minutes later
 * @param probe after how long a channel that is out is asked for its list of models, and again; zero: never
 */
@ConfigurationProperties("sluice.channel")
record ChannelSettings(
        @DefaultValue("5000") int connectMs,
        @DefaultValue("300000") int firstByteMs,
        @DefaultValue("300000") int idleMs,
        @DefaultValue("60s") Duration probe) {}
