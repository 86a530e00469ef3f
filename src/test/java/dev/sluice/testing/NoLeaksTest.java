package dev.sluice.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import org.junit.jupiter.api.Test;

class NoLeaksTest {
    @Test
    void watchesEveryBuffer() {
        assertThat(ResourceLeakDetector.getLevel()).isEqualTo(ResourceLeakDetector.Level.PARANOID);
    }

    @Test
    void catchesAPlantedLeak() {
        plant();

        assertThat(Leaks.collect()).anySatisfy(leak -> assertThat(leak).contains("NoLeaksTest.plant"));
    }

    @Test
    void findsNothing_whenEveryBufferWasReleased() {
        ByteBufAllocator.DEFAULT.directBuffer(64).release();

        assertThat(Leaks.collect()).isEmpty();
    }

    private static void plant() {
        ByteBuf dropped = ByteBufAllocator.DEFAULT.directBuffer(64);
        dropped.writeByte(1);
    }
}
