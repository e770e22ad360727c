"""What a streaming query needs: event time, watermark, progress, start and end."""
