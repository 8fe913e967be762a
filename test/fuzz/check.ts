/** A finding tried again in a fresh process: whether it holds, and in a smaller file. */
import { samplesOf } from './corpus.ts';
import { faultOf, processorClock } from './execute.ts';
import { type Finding, kindOf } from './finding.ts';
import { PeakMemory } from './memory.ts';
import { minimised } from './minimise.ts';

/** The finding made smaller; undefined where nothing is wrong. */
export async function check(finding: Finding, fixtures: string): Promise<Finding | undefined> {
  const sample = samplesOf(finding.format, fixtures).find(({ name }) => name === finding.sample);
  if (sample === undefined) throw new Error(`there is no ${finding.sample} in test/fixtures`);
  const bytes = new Uint8Array(Buffer.from(finding.base64, 'base64'));
  // What the first load of a process takes is not the file's fault.
  await faultOf(sample, sample.bytes);
  const memory = new PeakMemory();
  const fault = await faultOf(sample, bytes, { clock: processorClock });
  const excess = memory.fault(bytes.length);
  if (fault === undefined) return excess === undefined ? undefined : { ...finding, fault: excess };
  const found = { ...finding, fault };
  if (fault.startsWith('takes')) return found;
  const isSame = async (changed: Uint8Array) => {
    const other = await faultOf(sample, changed);
    return other !== undefined && kindOf({ ...finding, fault: other }) === kindOf(found);
  };
  const smallest = await minimised(bytes, sample.bytes, isSame);
  return { ...found, base64: Buffer.from(smallest).toString('base64') };
}
