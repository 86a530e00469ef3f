package dev.sluice.relay;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * What bounds a call.
 *
 * @param maxBody of a request, after decompression
 * @param bodyPatience in each such time some of a request's body must come; zero: it may take for ever
 * @param deadline after which no further channel is tried
 * @param keepAlive after how long a silence a stream gets a comment; zero: never
 * @param defaultOutputTokens what is reserved for an answer when the caller sets no limit
 * @param responseCache how much of whole answers is kept in memory, where they are kept at all
 * @param realtimeIdle after which a realtime session ends in which neither side says anything
 */
@ConfigurationProperties("sluice.relay")
record RelaySettings(
        @DefaultValue("32MB") DataSize maxBody,
        @DefaultValue("30s") Duration bodyPatience,
        @DefaultValue("10m") Duration deadline,
        @DefaultValue("15s") Duration keepAlive,
        @DefaultValue("512") int defaultOutputTokens,
        @DefaultValue("32MB") DataSize responseCache,
        @DefaultValue("10m") Duration realtimeIdle) {}
