/** Chooses the instruction set of a model. */
import { engine } from '#engine';
import { ForwardpassError } from '../errors.ts';
import { ISAS, type Isa } from '../isa.ts';
import { didYouMean, listNames, quote } from '../messages.ts';

/** The set asked for by name, else by the environment's FORWARDPASS_ISA, else the best. */
export function chooseIsa(option: string | undefined): Isa {
  const available = engine.instructionSets();
  const place = option !== undefined ? 'option isa' : 'environment variable FORWARDPASS_ISA';
  const wanted = option ?? (process.env.FORWARDPASS_ISA || undefined);
  if (wanted === undefined) return available[0];
  const found = available.find((isa) => isa === wanted);
  if (found !== undefined) return found;
  const why = ISAS.some((isa) => isa === wanted)
    ? `${quote(wanted)} is not available on this processor`
    : `${quote(String(wanted))} is not an instruction set${didYouMean(String(wanted), ISAS)}`;
  throw new ForwardpassError('ISA', `${why}; expected one of ${listNames(available)}`, place);
}
