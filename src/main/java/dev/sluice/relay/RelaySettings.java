package dev.sluice.relay;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * What bounds a call.
 *
 * @param maxBody of a request, after decompression
 * @param deadline after which no further channel is tried
 * @param defaultOutputTokens what is reserved for an answer when the caller sets no limit
 * @param realtimeIdle after which a realtime session ends in which neither side says anything
 */
@ConfigurationProperties("sluice.relay")
record RelaySettings(
        @DefaultValue("32MB") DataSize maxBody,
        @DefaultValue("10m") Duration deadline,
        @DefaultValue("512") int defaultOutputTokens,
        @DefaultValue("10m") Duration realtimeIdle) {}
