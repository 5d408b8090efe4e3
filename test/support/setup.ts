import { afterAll } from 'vitest';
import { endWhatIsOpen } from './end-with-file.ts';

afterAll(endWhatIsOpen);
